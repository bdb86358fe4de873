export { defineLayer, type Layer, type LayerBuilder, type LayerErrorSample, type LayerSample } from './layer.ts'
export { LAYER_TYPES, LAYERS, type LayerType, layerOf } from './registry.ts'
