/** A key for a name: what is kept and filtered by, of small letters, digits and `_`; none that is taken. */
export function keyOf(name: string, taken: string[] = []): string {
  const plain = name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 28);
  const base = plain || 'new';
  let key = base;
  for (let number = 2; taken.includes(key); number++) key = `${base}_${number}`;
  return key;
}
