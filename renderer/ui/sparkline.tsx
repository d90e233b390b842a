/** A small trace without axes: the last is at the right. It says nothing that is not beside it in words. */

interface SparklineProps {
  /** From 0 to 1. */
  readonly values: readonly number[]
  /** How many values fill the width. */
  readonly length: number
}

/** What fills the height where nothing is higher. */
const leastScale = 0.3
const idleBelow = 0.04

export function Sparkline({ values, length }: SparklineProps): React.ReactNode {
  if (values.length < 2) return <svg className="mf-spark" viewBox="0 0 44 16" aria-hidden />
  const step = 44 / (length - 1)
  const start = 44 - (values.length - 1) * step
  const peak = Math.max(...values)
  // What moves little is drawn larger; what does not move at all is a rest, and no line under what stands above it.
  const scale = Math.max(leastScale, peak)
  const points = values.map((value, index) => `${(start + index * step).toFixed(1)},${(15 - Math.min(1, Math.max(0, value / scale)) * 14).toFixed(1)}`).join(' ')
  return (
    <svg className={peak < idleBelow ? 'mf-spark mf-spark-idle' : 'mf-spark'} viewBox="0 0 44 16" preserveAspectRatio="none" aria-hidden>
      <polygon points={`${start.toFixed(1)},16 ${points} 44,16`} fill="currentColor" opacity=".14" />
      <polyline points={points} fill="none" stroke="currentColor" strokeWidth="1.25" vectorEffect="non-scaling-stroke" />
    </svg>
  )
}
