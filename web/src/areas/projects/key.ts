/** A short key for a project of this name: "Mobile app" becomes MA, "Website" becomes WEBS; empty when none fits. */
export function suggestKey(name: string): string {
  const words = name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toUpperCase()
    .split(/[^A-Z0-9]+/)
    .filter(Boolean);
  const joined = words.length > 1 ? words.map((word) => word[0]).join('') : (words[0] ?? '').slice(0, 4);
  const key = joined.replace(/^[0-9]+/, '').slice(0, 10);
  return key.length >= 2 ? key : '';
}
