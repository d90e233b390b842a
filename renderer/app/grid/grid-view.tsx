/** Consoles of many machines side by side. */
export function GridView({ of, id }: { readonly of: 'marked' | 'forks' | 'run' | undefined; readonly id: string | undefined }): React.ReactNode {
  return <main className="app-main">{of} {id}</main>
}
