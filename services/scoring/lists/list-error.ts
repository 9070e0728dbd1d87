/** Why a list could not be had, in words that hold no address and no secret: they may be logged. */
export class ListError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ListError'
  }
}
