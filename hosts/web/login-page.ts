/**
 * The one page anybody may see. It turns the token behind the `#` of the printed address, which
 * browsers never send, into a session, keeps the session's key where only this origin can read
 * it, and goes on to the app. Without a token it asks for the password, where there is one.
 */
import { sessionKeyName } from '../../contract/wire/browser-session.ts'
import { text } from '../page/text/text.ts'

export interface LoginFile {
  readonly mediaType: string
  readonly body: string
}

const words = text.login

const page = `<!doctype html>
<html lang="${words.language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Mayfly</title>
<link rel="stylesheet" href="/login.css">
<main>
<h1>Mayfly</h1>
<p id="say" role="status">${words.opening}</p>
<form id="form" hidden>
<label for="password">${words.password}</label>
<input id="password" type="password" autocomplete="current-password" required>
<button>${words.open}</button>
</form>
</main>
<script src="/login.js" defer></script>
</html>
`

const style = `html { font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 26rem; margin: 18vh auto 0; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; }
label, input { display: block; }
input { box-sizing: border-box; width: 100%; margin: .25rem 0 .75rem; padding: .5rem; font: inherit; }
button { padding: .5rem 1rem; font: inherit; }
`

const script = `'use strict'
const say = (sentence) => { document.getElementById('say').textContent = sentence }
async function enter(proof) {
  say(${JSON.stringify(words.opening)})
  const answer = await fetch('/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(proof) })
  const body = await answer.json()
  if (!answer.ok) throw new Error(body.error.message + (body.error.next === null ? '' : ' ' + body.error.next))
  localStorage.setItem(${JSON.stringify(sessionKeyName)}, body.key)
  location.replace('/')
}
async function askForPassword() {
  const { password } = await (await fetch('/session')).json()
  if (!password) return say(${JSON.stringify(words.needsAddress)})
  say('')
  const form = document.getElementById('form')
  form.hidden = false
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const field = document.getElementById('password')
    enter({ password: field.value }).catch((error) => { field.value = ''; say(error.message) })
  })
  document.getElementById('password').focus()
}
const token = location.hash.slice(1)
history.replaceState(null, '', '/login')
if (token === '') askForPassword().catch((error) => say(error.message))
else enter({ token }).catch((error) => say(error.message))
`

/** The page and what it needs, by path. */
export const loginFiles: ReadonlyMap<string, LoginFile> = new Map([
  ['/login', { mediaType: 'text/html; charset=utf-8', body: page }],
  ['/login.css', { mediaType: 'text/css; charset=utf-8', body: style }],
  ['/login.js', { mediaType: 'text/javascript; charset=utf-8', body: script }],
])
