import { refuse } from './exception.ts'

export interface Gate {
  /** Runs `work` when its turn comes. Refused (202) when the queue is full or the wait too long. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
  readonly running: number
  readonly waiting: number
}

/**
 * Lets `width` queries run at a time, and the others wait in the order in which
 * they came: each running one occupies a thread of libuv's pool until the engine
 * is done, whatever its caller does.
 */
export function createGate(width: number, maxWaiting: number, maxWaitMs: number): Gate {
  const queue: (() => void)[] = []
  let running = 0

  function enter(signal: AbortSignal): Promise<void> {
    if (running < width) {
      running++
      return Promise.resolve()
    }
    if (queue.length >= maxWaiting)
      return Promise.reject(
        refuse(202, `Too many simultaneous queries: ${running} run, ${queue.length} wait`),
      )
    return new Promise((resolve, reject) => {
      const leave = (error: Error) => {
        const place = queue.indexOf(admit)
        if (place >= 0) queue.splice(place, 1)
        settle()
        reject(error)
      }
      const aborted = () => leave(refuse(210, 'The client went away while its query waited'))
      const timer = setTimeout(
        () => leave(refuse(202, `Too many simultaneous queries: no turn within ${maxWaitMs} ms`)),
        maxWaitMs,
      )
      const settle = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', aborted)
      }
      const admit = () => {
        settle()
        running++
        resolve()
      }
      signal.addEventListener('abort', aborted, { once: true })
      queue.push(admit)
    })
  }

  return {
    async run(work, signal) {
      await enter(signal)
      try {
        return await work()
      } finally {
        running--
        queue.shift()?.()
      }
    },
    get running() {
      return running
    },
    get waiting() {
      return queue.length
    },
  }
}
