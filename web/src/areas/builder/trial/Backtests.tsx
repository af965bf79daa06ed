export function Backtests(_props: Record<string, unknown>) {
  return null;
}
