import { join } from 'node:path'
import type { Logger } from 'pino'
import { GatewatchError } from '../../runtime/errors.ts'
import type { Address } from '../enrich/address.ts'
import type { ListConfig } from './config.ts'
import { fetchList } from './fetch-list.ts'
import { digestOf, noteChecked, readKept, writeKept, type KeptList } from './kept-list.ts'
import type { ListContent } from './list-content.ts'
import { ListError } from './list-error.ts'
import { wordsOf } from './network.ts'
import { readPlainList } from './plain.ts'
import { readStixBundle } from './stix.ts'

/** A list that was not found current for so many times its refresh is old. */
const OLD_AFTER = 3
const FIRST_RETRY_MS = 60_000

export interface KnownListOptions {
  readonly directory: string
  readonly logger: Logger
  readonly now: () => number
  /** Called when what the list holds is exchanged. */
  readonly changed: () => void
}

/** One list: its last good version in memory and on disk, and when to look again. */
export class KnownList {
  readonly config: ListConfig
  readonly #path: string
  readonly #origin: string
  readonly #logger: Logger
  readonly #now: () => number
  readonly #changed: () => void
  #kept: KeptList | undefined
  #content: ListContent | undefined
  #version = ''
  #checkedMs: number
  #failures = 0
  #failuresTotal = 0
  #old = false

  constructor(config: ListConfig, { directory, logger, now, changed }: KnownListOptions) {
    this.config = config
    this.#path = join(directory, `${config.name}.list`)
    this.#origin = digestOf(JSON.stringify([config.kind, config.url ?? config.file]))
    this.#logger = logger.child({ list: config.name })
    this.#now = now
    this.#changed = changed
    this.#checkedMs = now()
  }

  /** Of the content: when it was first seen, and the first digits of its SHA-256. Empty while there is none. */
  get version(): string {
    return this.#version
  }

  get loaded(): boolean {
    return this.#content !== undefined
  }

  get entries(): number {
    return this.#content?.entries ?? 0
  }

  get unread(): number {
    return this.#content?.unread ?? 0
  }

  get failures(): number {
    return this.#failuresTotal
  }

  /** Since it was last found to be current; while there is none, since this was made. */
  get ageMs(): number {
    return Math.max(0, this.#now() - this.#checkedMs)
  }

  has({ version, text, high }: Address): boolean {
    const networks = this.#content?.networks
    if (networks === undefined || networks.size === 0) return false
    return version === 4 ? networks.hasIpv4(high) : networks.hasIpv6(wordsOf(text))
  }

  /** Reads what an earlier process kept, without a question to anybody. */
  async restore(): Promise<void> {
    const found = await readKept(this.#path, this.#origin)
    if (found === undefined) return
    try {
      await this.#take(found.kept)
      this.#checkedMs = found.checked_ms
    } catch (error) {
      this.#logger.warn({ reason: reasonOf(error) }, 'the version of the list that was kept can not be read')
    }
  }

  /** Looks for a new version. Never throws: what fails is counted and said, and the last good version stays. */
  async refresh(stopped: AbortSignal): Promise<void> {
    try {
      const signal = AbortSignal.any([stopped, AbortSignal.timeout(this.config.timeout)])
      const fetched = await fetchList(this.config, this.#kept, this.#now(), signal)
      const fresh = fetched === 'unchanged' ? undefined : fetched
      if (fresh !== undefined) {
        await this.#take(fresh)
        await writeKept(this.#path, this.#origin, fresh)
      } else if (this.#kept !== undefined) {
        if (this.#now() >= (this.#content?.changes_at_ms ?? Infinity)) await this.#take(this.#kept)
        await noteChecked(this.#path, this.#now())
      }
      this.#checkedMs = this.#now()
      if (this.#failures > 0) this.#logger.info({ failures: this.#failures }, 'the list is read again')
      this.#failures = 0
      this.#old = false
    } catch (error) {
      if (stopped.aborted) return
      this.#failures += 1
      this.#failuresTotal += 1
      this.#tell(reasonOf(error))
    }
  }

  /** How long to wait for the next look: after failures a minute, then twice as long, never longer than `refresh`. */
  get pauseMs(): number {
    const { refresh } = this.config
    return this.#failures === 0
      ? refresh
      : Math.min(refresh, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 16))
  }

  async #take(kept: KeptList): Promise<void> {
    const content =
      this.config.kind === 'plain'
        ? await readPlainList(kept.content)
        : await readStixBundle(kept.content, this.#now())
    if (content.entries === 0 && content.unread > 0) throw new ListError('nothing in it can be read')
    this.#content = content
    this.#kept = kept
    this.#version = `${kept.fetched_at} sha256:${kept.sha256.slice(0, 16)}`
    this.#changed()
    const { entries, unread, examples } = content
    const about = { version: this.#version, entries, ...(unread === 0 ? {} : { unread, examples }) }
    if (unread === 0) this.#logger.info(about, 'list read')
    else this.#logger.warn(about, 'list read; some of it says nothing that is understood')
  }

  /** One line when it begins to fail, and one when it is old. */
  #tell(reason: string): void {
    const ageSeconds = Math.round(this.ageMs / 1000)
    if (this.ageMs > OLD_AFTER * this.config.refresh && !this.#old) {
      this.#old = true
      this.#logger.error({ reason, age_s: ageSeconds }, 'the list is old; what was added since is not found')
    } else if (this.#failures === 1) {
      this.#logger.warn(
        { reason, age_s: ageSeconds, version: this.#version },
        'the list can not be had; the last good version stays',
      )
    }
  }
}

/** Never an address, which may hold a secret, and never what a server wrote. */
function reasonOf(error: unknown): string {
  if (error instanceof ListError || error instanceof GatewatchError) return error.message
  if (!(error instanceof Error)) return 'unknown'
  if (error.cause instanceof Error && 'code' in error.cause) return String(error.cause.code)
  return 'code' in error ? String(error.code) : error.name
}
