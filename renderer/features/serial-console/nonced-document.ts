/** The terminal makes style sheets at run time; the page's policy lets only those with its nonce in. */

/** The document, but every style sheet it makes carries the nonce of the page. */
export function noncedDocument(): Document {
  const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? ''
  const createElement = (name: string): HTMLElement => {
    const element = document.createElement(name)
    if (element instanceof HTMLStyleElement) element.nonce = nonce
    return element
  }
  return new Proxy(document, {
    get(target, name): unknown {
      if (name === 'createElement') return createElement
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
