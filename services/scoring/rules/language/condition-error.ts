/** A condition that could not be read: why, and at which character. */
export class RuleConditionError extends Error {
  readonly offset: number

  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}
