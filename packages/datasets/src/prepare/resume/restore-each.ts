// The same number of parts as were stored, each given its state.

export function restoreEach<S>(parts: readonly { restore(state: S): void }[], states: readonly S[]): void {
  if (parts.length !== states.length) throw new Error(`the state has ${states.length} parts; expected ${parts.length}`)
  parts.forEach((part, i) => {
    part.restore(states[i] as S)
  })
}
