import type { Layout } from '../form/layout.ts'
import { packAll, unpackAll } from '../form/packed.ts'
import { allocate } from '../form/words.ts'

/** One small record of the population. */
export interface PopulationPart {
  /** Learnt something since it was last stored. */
  changed: boolean
  encode(): Uint8Array
}

/** A part with what it holds. */
export interface HeldPart<State> extends PopulationPart {
  readonly state: State
}

/** The parts of a population, each decoded when it is first asked for. */
export class PopulationParts {
  readonly #load: (part: string) => Uint8Array | undefined
  readonly #parts = new Map<string, PopulationPart>()

  /** `load` gives the stored bytes of a part, or undefined where there are none. */
  constructor(load: (part: string) => Uint8Array | undefined) {
    this.#load = load
  }

  /** Decodes a part. Whoever opens one keeps it: to find it by its name again takes longer than to count in it. */
  open<State>(name: string, form: Layout<State>): HeldPart<State> {
    const words = allocate(form.words)
    const blocks = [{ tag: form.fingerprint, at: 0, length: form.words }]
    const bytes = this.#load(name)
    if (bytes !== undefined) unpackAll(words, blocks, bytes)
    const state = form.read(words, 0)
    const part: HeldPart<State> = {
      changed: false,
      state,
      encode() {
        form.write(words, 0, state)
        return packAll(words, blocks, NOTHING)
      },
    }
    this.#parts.set(name, part)
    return part
  }

  /** The parts that changed, for storing; whoever stores one sets `changed` back. */
  *changed(): IterableIterator<[name: string, part: PopulationPart]> {
    for (const entry of this.#parts) if (entry[1].changed) yield entry
  }
}

const NOTHING = new Uint8Array()
