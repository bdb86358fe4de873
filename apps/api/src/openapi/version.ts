// Version of the API's document: raised with every change that clients see.

export const API_VERSION = '0.1.0'
