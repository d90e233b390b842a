/** One graph over time, drawn on a canvas: quiet axes, one or two lines, a cursor that all graphs of a page share. */
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useEffectEvent, useRef } from 'react'
import { formatClock } from '../../text/time.ts'
import { labelPrecision, timeAxis, timeLabels } from './time-axis.ts'

export interface UsageLine {
  readonly label: string
  readonly values: readonly (number | null)[]
}

interface UsageGraphProps {
  readonly label: string
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly lines: readonly UsageLine[]
  /** Where the axis ends; undefined: as the values need. */
  readonly top: number | undefined
  readonly format: (value: number) => string
  /** Index of the point under the pointer; undefined: none. */
  readonly onPoint: (index: number | undefined) => void
}

const height = 168
const leastTop = 1024

export function UsageGraph({ label, times, lines, top, format, onPoint }: UsageGraphProps): React.ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const scheme = useComputedColorScheme('light')
  const data: uPlot.AlignedData = [[...times], ...lines.map(({ values }) => [...values])]

  const make = useEffectEvent((element: HTMLElement): uPlot => {
    // Asked for at every drawing: the page is recoloured after this has learnt of another scheme.
    const style = getComputedStyle(element)
    const colour = (name: string): string => style.getPropertyValue(name).trim()
    const font = `11px ${style.fontFamily}`
    return new uPlot(
      {
        width: Math.max(200, element.clientWidth),
        height,
        legend: { show: false },
        padding: [18, 0, 0, 0],
        cursor: { y: false, points: { size: 6 }, drag: { setScale: false }, sync: { key: 'usage' } },
        scales: {
          x: {
            range: ({ data: [at] }) => {
              const { from, to } = timeAxis(at)
              return [from, to]
            },
          },
          y: { range: (_plot, _from, to) => [0, top ?? Math.max(leastTop, to ?? 0) * 1.15] },
        },
        axes: [
          { stroke: () => colour('--mf-text-3'), font, size: 22, grid: { show: false }, ticks: { show: false }, values: (_plot, at) => at.map(() => '') },
          { side: 3, size: 0, grid: { stroke: () => colour('--mf-line'), width: 1 }, ticks: { show: false }, splits: (_plot, _axis, _from, to) => [0, to / 2, to], values: (_plot, at) => at.map(() => '') },
        ],
        series: [{}, ...lines.map((_line, index) => (index === 0 ? { stroke: () => colour('--mf-accent'), width: 1.25, fill: () => `${colour('--mf-accent')}22`, points: { show: false } } : { stroke: () => colour('--mf-second'), width: 1.25, dash: [4, 3], points: { show: false } }))],
        hooks: {
          setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)],
          // The numbers stand on their lines.
          draw: [(drawn) => {
            const { ctx, scales, bbox } = drawn
            const most = scales['y']?.max ?? 0
            ctx.save()
            ctx.textAlign = 'left'
            ctx.textBaseline = 'middle'
            ctx.font = `${11 * devicePixelRatio}px ${style.fontFamily}`
            for (const value of [most / 2, most]) {
              const [word, y] = [format(value), drawn.valToPos(value, 'y', true)]
              // Neither its line nor a curve runs through a number.
              ctx.fillStyle = colour('--mf-surface')
              ctx.fillRect(bbox.left, y - 8 * devicePixelRatio, ctx.measureText(word).width + 6 * devicePixelRatio, 16 * devicePixelRatio)
              ctx.fillStyle = colour('--mf-text-3')
              ctx.fillText(word, bbox.left, y)
            }
            ctx.textBaseline = 'alphabetic'
            // Those at the ends stand within the graph, or they would be cut.
            const axis = timeAxis(drawn.data[0])
            const marks = timeLabels(axis, bbox.width / devicePixelRatio)
            const beneath = bbox.top + bbox.height + 14 * devicePixelRatio
            for (const [index, at] of marks.entries()) {
              ctx.textAlign = index === 0 ? 'left' : index === marks.length - 1 ? 'right' : 'center'
              ctx.fillText(formatClock(at * 1000, labelPrecision(axis)), drawn.valToPos(at, 'x', true), beneath)
            }
            ctx.restore()
          }],
        },
      },
      data,
      element,
    )
  })
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const made = make(element)
    plot.current = made
    const resized = new ResizeObserver(() => made.setSize({ width: Math.max(200, element.clientWidth), height }))
    resized.observe(element)
    return () => {
      resized.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [lines.length, top])
  useEffect(() => {
    const frame = requestAnimationFrame(() => plot.current?.redraw(false))
    return () => cancelAnimationFrame(frame)
  }, [scheme])
  useEffect(() => plot.current?.setData(data))

  return <div ref={place} className="ov-graph" role="img" aria-label={label} onMouseLeave={() => onPoint(undefined)} />
}
