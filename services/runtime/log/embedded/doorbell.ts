import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Longest path of a local socket that every system takes, in bytes. */
const LONGEST_PATH = 100

/** Somebody committed something. */
const RECORDS = Buffer.from([1])
/** Processes or members came or went. */
const MEMBERS = Buffer.from([2])

export interface DoorbellEvents {
  /** Another process committed; `members`: who is there may have changed too. */
  rung(members: boolean): void
  /** A process that was connected is gone: stopped or killed. */
  lost(): void
}

/**
 * Wakes the other processes of a data directory within a fraction of a
 * millisecond: each listens on a local socket, and a byte on it means "look".
 * A missed byte costs latency only; everybody looks once a second anyway.
 */
export class Doorbell {
  readonly address: string
  readonly #server: Server
  readonly #events: DoorbellEvents
  readonly #callers = new Set<Socket>()
  readonly #peers = new Map<string, Socket>()
  #closed = false

  private constructor(address: string, server: Server, events: DoorbellEvents) {
    this.address = address
    this.#server = server
    this.#events = events
    server.on('connection', (socket) => this.#answer(socket))
  }

  static async open(directory: string, id: string, events: DoorbellEvents): Promise<Doorbell> {
    const address = socketPath(directory, id)
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(address, resolve)
    })
    server.unref()
    server.on('error', () => {})
    return new Doorbell(address, server, events)
  }

  /** The other living processes' doorbells; connects to new ones and lets go of the rest. */
  setPeers(addresses: readonly string[]): void {
    if (this.#closed) return
    for (const [address, socket] of this.#peers) {
      if (addresses.includes(address)) continue
      this.#peers.delete(address)
      socket.destroy()
    }
    for (const address of addresses) if (!this.#peers.has(address)) this.#connect(address)
  }

  /** Tells every peer. A peer that has not yet heard the last ring hears this one with it. */
  ring(members = false): void {
    for (const socket of this.#peers.values()) {
      if (members || socket.writableLength === 0) socket.write(members ? MEMBERS : RECORDS)
    }
  }

  async close(): Promise<void> {
    this.ring(true)
    this.#closed = true
    for (const socket of this.#peers.values()) socket.end()
    for (const socket of this.#callers) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
    removeSocket(this.address)
  }

  #connect(address: string): void {
    const socket = connect(address)
    this.#peers.set(address, socket)
    socket.setNoDelay(true)
    socket.unref()
    socket.on('error', () => {})
    socket.on('close', () => {
      if (this.#peers.get(address) !== socket) return
      this.#peers.delete(address)
      if (!this.#closed) this.#events.lost()
    })
  }

  #answer(socket: Socket): void {
    this.#callers.add(socket)
    socket.unref()
    socket.on('data', (bytes) => this.#events.rung(bytes.includes(MEMBERS)))
    socket.on('error', () => {})
    socket.on('close', () => this.#callers.delete(socket))
  }
}

/** A dead process leaves its socket file behind; whoever finds it dead removes it. */
export function removeSocket(address: string): void {
  if (!address.startsWith('\\\\')) rmSync(address, { force: true })
}

function socketPath(directory: string, id: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\gatewatch-${id}`
  const inside = join(directory, `bell-${id}.sock`)
  if (Buffer.byteLength(inside) <= LONGEST_PATH) return inside
  const short = createHash('sha256').update(directory).digest('hex').slice(0, 16)
  const outside = join(tmpdir(), `gatewatch-${short}`)
  mkdirSync(outside, { recursive: true, mode: 0o700 })
  return join(outside, `bell-${id}.sock`)
}
