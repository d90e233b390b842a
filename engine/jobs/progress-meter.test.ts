import { expect, test } from 'vitest'
import { ProgressMeter } from './progress-meter.ts'

function meterWithClock(): { meter: ProgressMeter; pass: (ms: number) => void } {
  let nowMs = 1000
  return { meter: new ProgressMeter(() => nowMs), pass: (ms) => { nowMs += ms } }
}

test('bytes give a speed and the time remaining', () => {
  const { meter, pass } = meterWithClock()
  meter.reportBytes(0, 10_000)
  pass(1000)
  meter.reportBytes(2000, 10_000)
  expect(meter.read()).toEqual({ progress: 0.2, bytesPerSecond: 2000, remainingSeconds: 4 })
})

test('a burst moves the speed only a little', () => {
  const { meter, pass } = meterWithClock()
  meter.reportBytes(0, 1_000_000)
  for (let done = 1000; done <= 10_000; done += 1000) {
    pass(1000)
    meter.reportBytes(done, 1_000_000)
  }
  pass(100)
  meter.reportBytes(20_000, 1_000_000)
  expect(meter.read().bytesPerSecond).toBeLessThan(5000)
})

test('a fraction gives the time remaining and no speed', () => {
  const { meter, pass } = meterWithClock()
  meter.reportFraction(0)
  pass(2000)
  meter.reportFraction(0.5)
  expect(meter.read()).toEqual({ progress: 0.5, bytesPerSecond: null, remainingSeconds: 2 })
})

test('what is not known is null, and nonsense stays within bounds', () => {
  const { meter, pass } = meterWithClock()
  expect(meter.read()).toEqual({ progress: null, bytesPerSecond: null, remainingSeconds: null })
  meter.reportFraction(Number.NaN)
  expect(meter.read().progress).toBe(0)
  pass(1000)
  meter.reportBytes(50, 0)
  expect(meter.read()).toMatchObject({ progress: null, remainingSeconds: null })
  meter.reportBytes(500, 100)
  expect(meter.read().progress).toBe(1)
  meter.reportFraction(null)
  expect(meter.read().progress).toBeNull()
})
