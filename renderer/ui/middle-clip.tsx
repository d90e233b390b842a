/**
 * A name that is cut in the middle when there is no room: the ending tells forks apart. The whole
 * name stays in the page, for who reads with the ears, searches or copies; what is seen is measured.
 */
import { useLayoutEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { cutMiddle } from './cut-middle.ts'

let canvas: CanvasRenderingContext2D | null | undefined

interface Watched {
  readonly text: string
  readonly setCut: (cut: string | undefined) => void
}

const watched = new WeakMap<Element, Watched>()
let observer: ResizeObserver | undefined

/**
 * Looks at a name now and whenever its room changes. All are looked at together, when the page has been laid
 * out and before it is painted: a list that is scrolled has a new name with each frame, and asking each for its
 * width as it came laid the whole page out every time.
 */
function watch(element: Element, name: Watched): () => void {
  observer ??= new ResizeObserver((entries) => {
    const cuts = entries.flatMap(({ target }) => {
      const name = watched.get(target)
      return name === undefined ? [] : [{ name, cut: cutToFit(target, name.text) }]
    })
    flushSync(() => {
      for (const { name, cut } of cuts) name.setCut(cut)
    })
  })
  const own = observer
  watched.set(element, name)
  own.observe(element)
  return () => {
    own.unobserve(element)
    watched.delete(element)
  }
}

export function MiddleClip({ text }: { readonly text: string }): React.ReactNode {
  const place = useRef<HTMLSpanElement>(null)
  const [cut, setCut] = useState<string>()
  useLayoutEffect(() => (place.current === null ? undefined : watch(place.current, { text, setCut })), [text])
  return <span ref={place} className="mf-middle" data-cut={cut} title={cut === undefined ? undefined : text}><span>{text}</span></span>
}

/** Undefined: nothing has to be cut. */
function cutToFit(element: Element, text: string): string | undefined {
  const whole = element.firstElementChild
  if (whole === null || whole.scrollWidth <= element.clientWidth) return undefined
  canvas ??= document.createElement('canvas').getContext('2d')
  const measure = canvas
  if (measure === null) return text
  // The shorthand is empty where figures are tabular.
  const { fontStyle, fontWeight, fontSize, fontFamily, letterSpacing } = getComputedStyle(element)
  measure.font = `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`
  measure.letterSpacing = letterSpacing === 'normal' ? '0px' : letterSpacing
  const room = element.clientWidth
  return cutMiddle(text, (candidate) => measure.measureText(candidate).width <= room)
}
