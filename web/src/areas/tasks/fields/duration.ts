/** Lengths of work as people write them: “1h 30m”, “2d”, “45”. A day of work is eight hours. */
const UNITS: Record<string, number> = { d: 480, h: 60, m: 1 };

/** Minutes, or undefined when it cannot be read. */
export function parseDuration(text: string): number | undefined {
  const plain = text.trim().toLowerCase().replace(',', '.');
  if (/^\d+$/.test(plain)) return Number(plain);
  const clock = /^(\d+):([0-5]\d)$/.exec(plain);
  if (clock) return Number(clock[1]) * 60 + Number(clock[2]);
  const parts = [...plain.matchAll(/(\d+(?:\.\d+)?)\s*([dhm])[a-z]*\s*/g)];
  if (parts.length === 0 || parts.map(([all]) => all).join('') !== plain) return undefined;
  return Math.round(parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!, 0));
}

export function duration(minutes: number): string {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const text = [hours && `${hours}h`, (rest || !hours) && `${rest}m`].filter(Boolean).join(' ');
  return minutes < 0 ? `−${text}` : text;
}
