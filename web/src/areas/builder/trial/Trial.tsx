export function Trial(_props: Record<string, unknown>) {
  return null;
}
