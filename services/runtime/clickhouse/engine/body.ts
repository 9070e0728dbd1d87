import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import {
  brotliCompress,
  brotliDecompress,
  gunzip,
  gzip,
  inflate,
  zstdCompress,
  zstdDecompress,
} from 'node:zlib'
import { refuse } from './exception.ts'

/** Largest body of a request, before and after decompression. */
const MAX_BODY_BYTES = 64 * 1024 * 1024

type Decoder = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

const decoders: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
  ['zstd', promisify(zstdDecompress)],
])
const encoders = { gzip: promisify(gzip), br: promisify(brotliCompress), zstd: promisify(zstdCompress) }

/** Reads a request's body in whole and undoes its content encoding. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  return decode(Buffer.concat(chunks, bytes), request.headers['content-encoding'] ?? 'identity')
}

async function decode(body: Buffer, encoding: string): Promise<Buffer> {
  if (body.length === 0 || encoding === 'identity') return body
  const decoder = decoders.get(encoding.toLowerCase())
  if (!decoder) throw refuse(48, `Content encoding ${encoding.slice(0, 32)} is not supported`)
  try {
    return await decoder(body, { maxOutputLength: MAX_BODY_BYTES })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw refuse(354, `The body is no valid ${encoding.slice(0, 32)} data`)
  }
}

function tooLarge(): Error {
  return refuse(229, `The request's body is larger than ${MAX_BODY_BYTES} bytes; send it in parts`)
}

/** The coding to answer in: what the client accepts, when it asked for compression at all (`enable_http_compression=1`). */
export function codingFor(request: IncomingMessage, search: URLSearchParams): keyof typeof encoders | null {
  const asked = search.get('enable_http_compression')
  if (asked !== '1' && asked !== 'true') return null
  const accepted = request.headers['accept-encoding'] ?? ''
  for (const coding of ['gzip', 'zstd', 'br'] as const) if (accepted.includes(coding)) return coding
  return null
}

export async function encode(bytes: Uint8Array, coding: keyof typeof encoders | null): Promise<Uint8Array> {
  return coding === null ? bytes : encoders[coding](bytes)
}

/** A form of several parts (`multipart/form-data`): how clients send parameters too long for a URL. */
export async function readForm(body: Buffer, contentType: string): Promise<Map<string, string>> {
  const fields = new Map<string, string>()
  try {
    const form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': contentType },
    }).formData()
    for (const [name, value] of form) if (typeof value === 'string') fields.set(name, value)
  } catch {
    throw refuse(36, 'The form in the body is malformed')
  }
  return fields
}
