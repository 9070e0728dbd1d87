import cliProgress from 'cli-progress'
import type { CliIo } from '../io.ts'

export interface ProgressBar {
  readonly show: (what: string, unit: string, done: number, all: number) => void
  readonly stop: () => void
}

/** Progress for a person who watches: on a terminal only, since in a file it would be noise. */
export function progressBar(out: CliIo['stderr']): ProgressBar {
  if (out.isTTY !== true) return { show() {}, stop() {} }
  let bar: cliProgress.SingleBar | null = null
  let shown = ''
  const stop = () => {
    bar?.stop()
    bar = null
  }
  return {
    show(what, unit, done, all) {
      if (shown !== what) {
        stop()
        bar = new cliProgress.SingleBar({
          format: `${what} {bar} {percentage}%  {value} of {total} ${unit}, {eta_formatted} left`,
          stream: process.stderr,
          hideCursor: true,
          clearOnComplete: true,
          formatValue: (value, _options, type) =>
            type === 'value' || type === 'total' ? value.toLocaleString('en') : String(value),
        })
        bar.start(Math.max(1, all), done)
        shown = what
      }
      bar?.update(done)
    },
    stop,
  }
}
