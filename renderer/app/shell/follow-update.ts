/**
 * Another Mayfly may be installed under an open page; the parts that page has not loaded yet are
 * gone then. The page is loaded anew, at the place it shows: once in a while, so that what is really
 * missing is told, and only while somebody is there to load it from.
 */
const key = 'mayfly.loaded-anew'
const leastMs = 60_000

export function followUpdate(): void {
  window.addEventListener('vite:preloadError', () => void loadAnew())
}

async function loadAnew(): Promise<void> {
  if (Date.now() - Number(sessionStorage.getItem(key) ?? 0) < leastMs) return
  const isThere = await fetch(location.href).then(({ ok }) => ok, () => false)
  if (!isThere) return
  sessionStorage.setItem(key, String(Date.now()))
  location.reload()
}
