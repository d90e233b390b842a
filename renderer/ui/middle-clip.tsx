/**
 * A name that is cut in the middle when there is no room: the ending tells forks apart. The whole
 * name stays in the page, for who reads with the ears, searches or copies; what is seen is measured.
 */
import { useLayoutEffect, useRef, useState } from 'react'
import { cutMiddle } from './cut-middle.ts'

let canvas: CanvasRenderingContext2D | null | undefined

export function MiddleClip({ text }: { readonly text: string }): React.ReactNode {
  const place = useRef<HTMLSpanElement>(null)
  const [cut, setCut] = useState<string>()
  useLayoutEffect(() => {
    const element = place.current
    if (element === null) return
    const look = (): void => setCut(cutToFit(element, text))
    look()
    const resized = new ResizeObserver(look)
    resized.observe(element)
    return () => resized.disconnect()
  }, [text])
  return <span ref={place} className="mf-middle" data-cut={cut} title={cut === undefined ? undefined : text}><span>{text}</span></span>
}

/** Undefined: nothing has to be cut. */
function cutToFit(element: HTMLElement, text: string): string | undefined {
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
