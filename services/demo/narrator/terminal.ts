/** The terminal of the demo: stories in lines, and one quiet status line below them where it is a real terminal. */
export interface Terminal {
  line(text: string): void
  /** Replaces the status line; nothing on a terminal that can't. */
  status(text: string): void
  close(): void
}

export function openTerminal(output: {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}): Terminal {
  const tty = output.isTTY === true
  let status = ''
  const clear = (): void => {
    if (tty && status !== '') output.write('\r\u001b[2K')
  }
  return {
    line(text) {
      clear()
      output.write(`${text}\n`)
      if (tty && status !== '') output.write(status)
    },
    status(text) {
      if (!tty) return
      clear()
      status = text.slice(0, (output.columns ?? 100) - 1)
      output.write(status)
    },
    close() {
      clear()
      status = ''
    },
  }
}
