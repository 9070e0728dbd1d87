import cliProgress from 'cli-progress'
import type { ImportSummary } from '../../collector/import-summary.ts'
import type { CliIo } from '../io.ts'

export interface ImportBar {
  imported(read: number, total: number | null, summary: Readonly<ImportSummary>): void
  scored(done: number, all: number): void
  stop(): void
}

/** Progress for a person who watches: on a terminal only, since in a file it would be noise. */
export function importBar(out: CliIo['stderr']): ImportBar {
  if (out.isTTY !== true) return { imported() {}, scored() {}, stop() {} }
  let bar: cliProgress.SingleBar | null = null
  let what = ''

  const show = (name: string, unit: string, done: number, all: number, note: string): void => {
    if (what !== name) {
      bar?.stop()
      bar = new cliProgress.SingleBar({
        format: `${name} {bar} {percentage}%  {note}`,
        stream: process.stderr,
        hideCursor: true,
        clearOnComplete: true,
        fps: 10,
      })
      bar.start(Math.max(1, all), done, { note })
      what = name
    }
    bar?.setTotal(Math.max(1, all))
    bar?.update(done, {
      note: note === '' ? `${done.toLocaleString('en')} of ${all.toLocaleString('en')} ${unit}` : note,
    })
  }

  return {
    imported(read, total, { records, decisions }) {
      const note = `${records.toLocaleString('en')} read, ${decisions.toLocaleString('en')} decisions`
      show('importing', 'bytes', read, total ?? read * 2, note)
    },
    scored: (done, all) => show('scoring  ', 'decisions', done, all, ''),
    stop() {
      bar?.stop()
      bar = null
      what = ''
    },
  }
}
