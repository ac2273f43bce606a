// @peculiar/x509 in the order it needs: the reflection polyfill first, or its import throws.
import 'reflect-metadata';

export * from '@peculiar/x509';
