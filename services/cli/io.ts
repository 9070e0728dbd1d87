/** Where a command writes: results to `stdout`, everything else to `stderr`. */
export interface CliIo {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean }
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean }
  /** Aborted once nobody reads `stdout` any more: for commands that would write without an end. */
  readonly unheard?: AbortSignal
}

/**
 * The process's own streams. Whoever reads them may go away (`gatewatch findings |
 * head`): what is written then is dropped, and the command ends as it would have,
 * with the same exit code. Roles go on: that nobody reads a log is no reason to
 * refuse requests.
 */
export function processIo({ stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>): CliIo {
  const unheard = new AbortController()
  for (const stream of [stdout, stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      if (stream === stdout) unheard.abort()
    })
  return { stdout, stderr, unheard: unheard.signal }
}
