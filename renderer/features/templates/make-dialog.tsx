/** Makes a template. */
export function MakeTemplateDialog({ name, machine }: { readonly name: string | undefined; readonly machine: string | undefined }): React.ReactNode {
  return `${name} ${machine}`
}
