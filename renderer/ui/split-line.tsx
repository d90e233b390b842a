/** The line between two parts of a view: drags, takes the arrows, Home and End, and goes back to where it was drawn on a double click or Enter. */

const keys = { vertical: ['ArrowLeft', 'ArrowRight'], horizontal: ['ArrowUp', 'ArrowDown'] } as const

interface SplitLineProps {
  readonly className: string
  readonly label: string
  /** How the line itself runs. */
  readonly orientation: 'vertical' | 'horizontal'
  readonly range: { readonly least: number; readonly most: number; readonly step: number }
  /** Size of the part before the line, in the range's unit, as it is read out. */
  readonly shown: number
  /** The same, where the arrows go on from. */
  readonly now: (area: DOMRect) => number
  /** What a place of the pointer, in CSS pixels from the beginning of the area, is in the range's unit. */
  readonly sizeAt: (px: number, area: DOMRect) => number
  /** What the pointer's place counts from. */
  readonly within: (line: HTMLElement) => Element | null
  /** Undefined: as it is drawn. */
  readonly onResize: (size: number | undefined) => void
}

export function SplitLine({ className, label, orientation, range, shown, now, sizeAt, within, onResize }: SplitLineProps): React.ReactNode {
  const [less, more] = keys[orientation]
  return (
    <div
      className={className}
      role="separator"
      aria-orientation={orientation}
      aria-label={label}
      aria-valuemin={range.least}
      aria-valuemax={range.most}
      aria-valuenow={shown}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        const area = within(event.currentTarget)?.getBoundingClientRect()
        if (area === undefined || !event.currentTarget.hasPointerCapture(event.pointerId)) return
        onResize(sizeAt(orientation === 'vertical' ? event.clientX - area.left : event.clientY - area.top, area))
      }}
      onDoubleClick={() => onResize(undefined)}
      onKeyDown={(event) => {
        const area = within(event.currentTarget)?.getBoundingClientRect()
        if (area !== undefined && (event.key === less || event.key === more)) onResize(now(area) + (event.key === less ? -range.step : range.step))
        else if (event.key === 'Home') onResize(range.least)
        else if (event.key === 'End') onResize(range.most)
        else if (event.key === 'Enter') onResize(undefined)
        else return
        event.preventDefault()
      }}
    />
  )
}
