/** The first thing that runs in the page. */
import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import '../ui/tokens.css'
import '../ui/parts.css'
import '../ui/library.css'
import './shell/shell.css'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import { keepInSync } from '../state/sync.ts'
import { App } from './app.tsx'
import { followUpdate } from './shell/follow-update.ts'

const place = document.querySelector('#root')
if (place === null) throw new Error('The page has no place for the app.')
// Dialogs of the component library make a style sheet at run time; this is where it looks for the nonce.
Object.assign(globalThis, { __webpack_nonce__: document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce })
followUpdate()
void keepInSync(new AbortController().signal)
// At once, and not in a task of its own: what Chromium keeps compiled is what ran while this file did.
flushSync(() => createRoot(place).render(<App />))
