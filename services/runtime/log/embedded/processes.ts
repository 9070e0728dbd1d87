import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Committer } from './committer.ts'
import { removeSocket } from './doorbell.ts'
import type { ProcessRow, Store } from './store.ts'

/**
 * A process that hangs for longer than this loses its partitions. A killed one
 * loses them at once, since its pid is gone.
 */
const LEASE_MS = 10_000

/** Who has the data directory open: one row a process, renewed every second. */
export class Processes {
  readonly id: string
  readonly #store: Store
  readonly #committer: Committer
  readonly #address: string

  constructor(store: Store, committer: Committer, id: string, address: string) {
    this.#store = store
    this.#committer = committer
    this.id = id
    this.#address = address
  }

  /** Says that we live. Not waited for on disk: after a power cut no process of before is left. */
  async renew(): Promise<void> {
    const row = leaseOf(this.#address)
    const apply = () => void this.#store.processes.put(this.id, row)
    await this.#committer.submit({ records: [], apply }).visible
  }

  /** One living process does what needs doing once: the one whose id sorts first. */
  leads(): boolean {
    for (const { key, value } of this.#store.processes.getRange()) {
      if (key === this.id) return true
      if (isAlive(value)) return false
    }
    return true
  }

  /** The doorbells of the others that live. */
  peers(): string[] {
    const addresses: string[] = []
    for (const { key, value } of this.#store.processes.getRange()) {
      if (key !== this.id && isAlive(value)) addresses.push(value.address)
    }
    return addresses
  }

  lives(id: string): boolean {
    if (id === this.id) return true
    const row = this.#store.processes.get(id)
    return row !== undefined && isAlive(row)
  }

  /** Removes what dead processes left behind. */
  async sweep(): Promise<void> {
    const dead = [...this.#store.processes.getRange()].filter(({ key }) => !this.lives(key))
    if (dead.length === 0) return
    const ids = new Set(dead.map(({ key }) => key))
    await this.#committer.submit({
      records: [],
      apply: () => {
        const members = [...this.#store.members.getRange()]
        for (const { key, value } of members) if (ids.has(value.process)) void this.#store.members.remove(key)
        for (const id of ids) void this.#store.processes.remove(id)
      },
    }).visible
    for (const { value } of dead) removeSocket(value.address)
  }

  async leave(): Promise<void> {
    const apply = () => void this.#store.processes.remove(this.id)
    await this.#committer.submit({ records: [], apply }).visible
  }
}

/** This process's row, good for `LEASE_MS` from now. */
export function leaseOf(address: string): ProcessRow {
  return { pid: process.pid, started: startOf(process.pid), address, expires_ms: Date.now() + LEASE_MS }
}

/** Whether the process that wrote the row still runs, and has renewed it in time. */
export function isAlive(row: ProcessRow): boolean {
  return row.expires_ms > Date.now() && pidLives(row.pid) && row.started === startOf(row.pid)
}

/** An id that no other process of this directory has had. */
export function processId(): string {
  return `${process.pid}-${Date.now().toString(36)}-${Math.floor(Math.random() * 2 ** 32).toString(36)}`
}

function pidLives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Start time of a process, in ticks since boot, so that a pid given again is not taken for the old one (proc(5), field 22). */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return hostname()
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A killed process stays a zombie until its parent has taken notice.
    return fields[0] === 'Z' ? '' : (fields[19] ?? '')
  } catch {
    return ''
  }
}
