/** The mayfly. */
export function AppMark(): React.ReactNode {
  return (
    <svg className="mf-app-mark" width="20" height="20" viewBox="0 0 20 20" aria-hidden>
      <path d="M9.2 9.4C6.6 3.9 3.6 2 2 2.4c-.7 3.4 2 7 7 8z" fill="var(--mf-accent-fill)" />
      <path d="M10.4 9.2C10 4.4 12.2 1.6 15.2 1.2c1.6 2.8-.2 6.4-4.2 8.4z" fill="var(--mf-accent-fill)" opacity=".6" />
      <path d="M8.2 7.6c1.6 1.6 3 3.4 3.8 5.6m0 0c.9 2 2.4 3.8 5.2 5.2m-5.2-5.2c.2 2 .6 3.8 1.8 5.6" stroke="var(--mf-text)" strokeWidth="1.5" fill="none" strokeLinecap="round" />
    </svg>
  )
}
