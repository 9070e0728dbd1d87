import cliProgress from 'cli-progress'
import type { CliIo } from './io.ts'

export interface ProgressBar {
  readonly show: (done: number, all: number) => void
  /** May be called more than once. */
  readonly stop: () => void
}

/** Seconds as `cli-progress` writes them, and a question mark where it has no number yet ('NULL', 'INF', at first '0'). */
export const formatTime: cliProgress.TimeFormatter = (seconds, options, multiple) =>
  Number.isFinite(seconds) ? cliProgress.Format.TimeFormat(seconds, options, multiple) : '?'

/**
 * Progress for a person who watches: on a terminal only, since in a file it would be noise.
 *
 * @param format as `cli-progress` has it: `verifying {bar} {percentage}%`
 * @param options `cli-progress`'s own, beyond what all bars have in common
 */
export function progressBar(
  { stderr }: Pick<CliIo, 'stderr'>,
  format: string,
  options: Pick<cliProgress.Options, 'formatValue'> = {},
): ProgressBar {
  if (stderr.isTTY !== true) return { show: () => {}, stop: () => {} }
  const bar = new cliProgress.SingleBar({
    format,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    fps: 10,
    formatTime,
    ...options,
  })
  let running = false
  return {
    show(done, all) {
      // What is there already says nothing of how long the rest takes.
      if (!running) bar.start(Math.max(1, all), done)
      running = true
      bar.setTotal(Math.max(1, all))
      bar.update(done)
    },
    stop() {
      if (running) bar.stop()
      running = false
    },
  }
}
