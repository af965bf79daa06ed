/** What a link in a letter brings behind `#`, which browsers send to nobody. */
export function fragment(name: string): string | undefined {
  return new URLSearchParams(window.location.hash.slice(1)).get(name) ?? undefined;
}
