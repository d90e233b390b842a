/** Templates. */
export function TemplatesPage(): React.ReactNode {
  return null
}
