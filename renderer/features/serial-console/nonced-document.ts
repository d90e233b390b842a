/** The terminal makes style sheets at run time; the page's policy lets only those with its nonce in. */

function createNonced(name: string): HTMLElement {
  const element = Document.prototype.createElement.call(document, name)
  if (element instanceof HTMLStyleElement) element.nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? ''
  return element
}

/** The document, but every style sheet it makes carries the nonce of the page. */
export function noncedDocument(): Document {
  return new Proxy(document, {
    get(target, name): unknown {
      if (name === 'createElement') return createNonced
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** For code that asks the document itself: style sheets made while `task` runs carry the nonce. */
export function withNonce(task: () => void): void {
  Object.defineProperty(document, 'createElement', { value: createNonced, configurable: true })
  try {
    task()
  } finally {
    Reflect.deleteProperty(document, 'createElement')
  }
}
