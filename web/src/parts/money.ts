/** Money in the manner of whoever reads. Amounts are decimals as text and are never reckoned with here. */
/** An exact amount as people write it: `1234.5` in euros is “€1,234.50”. */
export function money(amount: string, currency: string, locale?: string): string {
  // What an hour costs may have four decimals; those that are there are shown, and none is made up.
  const decimals = amount.split('.')[1]?.length ?? 0;
  const usual = new Intl.NumberFormat(locale, { style: 'currency', currency }).resolvedOptions();
  const shown = Math.max(decimals, usual.minimumFractionDigits ?? 0);
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: usual.minimumFractionDigits,
    maximumFractionDigits: shown,
  });
  // Given as text, it is not made a binary fraction on the way.
  return format.format(amount as unknown as number);
}

/** What somebody typed as the server reads it: `1 234,50` and `1,234.50` are both `1234.50`. */
export function plainAmount(typed: string): string {
  const text = typed.replace(/[\s\u00a0\u202f'’]/g, '');
  const point = Math.max(text.lastIndexOf('.'), text.lastIndexOf(','));
  if (point < 0) return text;
  const [whole, rest] = [text.slice(0, point).replace(/[.,]/g, ''), text.slice(point + 1)];
  // One separator with three digits behind it groups thousands, where a comma is no decimal point of a price.
  const groups = text[point] === ',' && rest.length === 3 && !text.includes('.');
  return groups ? whole + rest : `${whole || '0'}.${rest}`;
}

/** The currencies, by their codes, with their names in the reader's language. */
export function currencies(locale?: string) {
  const names = new Intl.DisplayNames(locale, { type: 'currency', fallback: 'code' });
  return Intl.supportedValuesOf('currency').map((code) => ({ value: code, label: `${code} · ${names.of(code)}` }));
}
