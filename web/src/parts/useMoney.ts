import { money } from './money';
import { useManner } from './time';

/** Writes amounts in the manner of whoever reads. */
export function useMoney() {
  const { locale } = useManner();
  return (amount: string, currency: string) => money(amount, currency, locale);
}
