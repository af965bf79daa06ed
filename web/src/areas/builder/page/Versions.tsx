export function Versions(_props: Record<string, unknown>) {
  return null;
}
