/** A state as a shape first, then a colour; the word stands beside it or is read out. */

export type StateShapeName = 'running' | 'paused' | 'stopped' | 'crashed' | 'busy' | 'unknown' | 'ok' | 'warning' | 'note'

const shapes: Readonly<Record<StateShapeName, React.ReactNode>> = {
  running: <path d="M2.5 1.2v9.6L10.8 6z" fill="currentColor" stroke="currentColor" strokeLinejoin="round" />,
  paused: <path d="M2.8 1.5h1.4q.8 0 .8.8v7.4q0 .8-.8.8H2.8q-.8 0-.8-.8V2.3q0-.8.8-.8zM7.8 1.5h1.4q.8 0 .8.8v7.4q0 .8-.8.8H7.8q-.8 0-.8-.8V2.3q0-.8.8-.8z" fill="currentColor" />,
  stopped: <rect x="2" y="2" width="8" height="8" rx="1.2" fill="none" stroke="currentColor" strokeWidth="1.5" />,
  crashed: <path d="M6 .3 11.7 6 6 11.7.3 6zM5.3 3v3.6h1.4V3zM5.3 7.6V9h1.4V7.6z" fill="currentColor" fillRule="evenodd" />,
  busy: <path d="M6 1.4A4.6 4.6 0 1 1 1.4 6" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />,
  unknown: <circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="1.6 2" />,
  ok: <path d="M1.6 6.4 4.7 9.4 10.4 2.8" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" />,
  warning: <path d="M6 .6 11.7 11H.3zM5.3 4.2v3.2h1.4V4.2zM5.3 8.3v1.3h1.4V8.3z" fill="currentColor" fillRule="evenodd" />,
  note: <path d="M6 1.2a4.8 4.8 0 1 1 0 9.6 4.8 4.8 0 0 1 0-9.6M6 5.4v3M6 3.1v1" fill="none" stroke="currentColor" strokeWidth="1.3" />,
}

/** `label`: the word, where it does not stand beside the shape. */
export function StateShape({ shape, label }: { readonly shape: StateShapeName; readonly label?: string }): React.ReactNode {
  const naming = label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label }
  return <svg className={`mf-st mf-st-${shape}`} viewBox="0 0 12 12" {...naming}>{shapes[shape]}</svg>
}
