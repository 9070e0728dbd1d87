import type { Options } from 'cli-progress'
import type { CliIo } from '../io.ts'
import { progressBar, type ProgressBar } from '../progress-bar.ts'

export interface StepBar {
  readonly show: (what: string, unit: string, done: number, all: number) => void
  readonly stop: () => void
}

const formatValue: Options['formatValue'] = (value, _options, type) =>
  type === 'value' || type === 'total' ? value.toLocaleString('en') : String(value)

/** Progress of one step after the other, each with a bar of its own. */
export function stepBar(io: Pick<CliIo, 'stderr'>): StepBar {
  let bar: ProgressBar | null = null
  let shown = ''
  return {
    show(what, unit, done, all) {
      if (shown !== what) {
        bar?.stop()
        const format = `${what} {bar} {percentage}%  {value} of {total} ${unit}, {eta_formatted} left`
        bar = progressBar(io, format, { formatValue })
        shown = what
      }
      bar?.show(done, all)
    },
    stop: () => bar?.stop(),
  }
}
