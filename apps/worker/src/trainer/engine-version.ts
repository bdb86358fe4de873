/** Raised with every change of the engine that changes bits of a result. */
export const ENGINE_VERSION = '0.3.0'
