import { fork, type ChildProcess } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import { GatewatchError } from '../errors.ts'
import { endpointOf, socketPathOf } from './endpoint-file.ts'
import type { ClickHouseEndpoint } from './endpoint.ts'
import type { ChildOptions, ChildReport } from './engine/messages.ts'

export interface EngineOptions {
  /** Exists, mode 0700. The engine's own directory is `clickhouse/` in it. */
  readonly dataDir: string
  readonly logger: Logger
  /** Also listen on this address (port 8123 by custom); default: only on the unix socket. */
  readonly listen?: { readonly host: string; readonly port: number }
  /** Where rows go that have become cold, made with mode 0700; without it the engine has one disk. */
  readonly coldDir?: string
  readonly metrics?: Registry
}

export interface Engine {
  readonly endpoint: ClickHouseEndpoint
  /** The port of `listen`, once bound; null without. */
  readonly port: number | null
  /** The engine's process, null while it is being restarted. */
  readonly pid: number | null
  /** Lets running statements end (4 s at most), closes the engine and its process. */
  stop(): Promise<void>
}

const CHILD = fileURLToPath(new URL('./engine/child.ts', import.meta.url))
/** Opening replays what a crash left; a large store takes its time. */
const START_WITHIN_MS = 60_000
const STOP_WITHIN_MS = 8_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** An engine that lived this long had started well: the next restart is quick again. */
const HEALTHY_AFTER_MS = 30_000

/**
 * Starts the embedded engine as a child process and keeps it running: one that
 * dies is started again, at once at first, then with growing pauses. Clients
 * keep their endpoint; they see refused connections meanwhile and repeat.
 *
 * Throws `ERR_DATA_DIR_IN_USE` when another process holds the engine of this
 * directory (ask `locateEngine` then), `ERR_PORT_TAKEN`, or
 * `ERR_STORE_UNREACHABLE` when the engine doesn't open.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const restarts = restartCounter(options.metrics)
  let stopping = false
  let child = await launch(options)
  let current: ChildProcess | null = child.process
  const supervision = supervise()

  async function supervise(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS
    for (;;) {
      const startedAt = performance.now()
      const how = await exitOf(child.process)
      current = null
      if (stopping) return
      if (performance.now() - startedAt > HEALTHY_AFTER_MS) pauseMs = FIRST_PAUSE_MS
      options.logger.warn({ ...how, pause_ms: pauseMs }, 'the embedded ClickHouse died and is started again')
      restarts?.inc()
      for (;;) {
        await pause(pauseMs)
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
        if (stopping) return
        try {
          child = await launch(options)
          current = child.process
          break
        } catch (error) {
          options.logger.warn({ err: error, pause_ms: pauseMs }, 'the embedded ClickHouse does not start')
        }
      }
    }
  }

  const endpoint = await endpointOf(options.dataDir, await socketPathOf(options.dataDir))
  options.logger.info({ pid: child.process.pid, version: child.version }, 'embedded ClickHouse started')
  return {
    endpoint,
    get port() {
      return child.port
    },
    get pid() {
      return current?.pid ?? null
    },
    async stop() {
      stopping = true
      if (current !== null) await end(current)
      await supervision
    },
  }
}

interface Launched {
  readonly process: ChildProcess
  readonly version: string
  readonly port: number | null
}

async function launch(options: EngineOptions): Promise<Launched> {
  const childOptions: ChildOptions = {
    dataDir: options.dataDir,
    listen: options.listen,
    coldDir: options.coldDir,
  }
  const child = fork(CHILD, [JSON.stringify(childOptions)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // The engine's threads are libuv's: four queries, and some for files and compression.
    env: { ...process.env, UV_THREADPOOL_SIZE: '8', TZ: 'UTC' },
    execArgv: [],
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    const text = chunk.toString().slice(0, 2000).trim()
    if (text !== '') options.logger.debug({ engine: text }, 'the embedded ClickHouse says')
  })
  const report = await firstReport(child)
  if (report.kind === 'ready') return { process: child, version: report.version, port: report.port }
  child.kill('SIGKILL')
  throw new GatewatchError(report.code, report.message, {
    retriable: report.code === 'ERR_STORE_UNREACHABLE',
  })
}

function firstReport(child: ChildProcess): Promise<ChildReport> {
  return new Promise((resolve) => {
    const failed = (message: string) => settle({ kind: 'failed', code: 'ERR_STORE_UNREACHABLE', message })
    const timer = setTimeout(
      () => failed(`The embedded ClickHouse did not start within ${START_WITHIN_MS / 1000} s; see the log.`),
      START_WITHIN_MS,
    )
    const onExit = (code: number | null, signal: string | null) =>
      failed(`The embedded ClickHouse ended at its start (${signal ?? `code ${code}`}); see the log.`)
    const onMessage = (message: unknown) => {
      if (isReport(message)) settle(message)
    }
    const settle = (report: ChildReport) => {
      clearTimeout(timer)
      child.off('exit', onExit).off('message', onMessage)
      resolve(report)
    }
    child.on('exit', onExit).on('message', onMessage)
  })
}

function isReport(message: unknown): message is ChildReport {
  return typeof message === 'object' && message !== null && 'kind' in message
}

function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  if (child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode })
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
}

async function end(child: ChildProcess): Promise<void> {
  const gone = exitOf(child)
  if (child.connected) child.send('stop')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
  await gone
  clearTimeout(timer)
}

function restartCounter(metrics: Registry | undefined): Counter | null {
  if (!metrics) return null
  return new Counter({
    name: 'gatewatch_clickhouse_engine_restarts_total',
    help: 'How often the embedded ClickHouse died and was started again.',
    registers: [metrics],
  })
}
