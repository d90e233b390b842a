/** Throwaway runs. */
export function RunsPage({ run }: { readonly run: string | undefined }): React.ReactNode {
  return run
}
