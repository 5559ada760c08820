uniform vec3 uWindow;       // scale, offset, and a power of two before both: floats go beyond what a scale can be

// The number in a filtered texel of an image atlas, 0..1 for integers. Filtering is linear and so is this.
float voxelValue(vec4 texel) {
#if IMAGE_STORAGE == 1
  return dot(texel.rg, vec2(1. / 257., 256. / 257.)); // r is the low byte
#elif IMAGE_STORAGE == 2
  return texel.r * uWindow.z;
#else
  return texel.r;
#endif
}

// False for NaN: a filtered value is NaN where a voxel near it is. `x != x` may be optimised away, the bits not.
bool isNumber(float v) {
#if IMAGE_STORAGE == 2
  return (floatBitsToUint(v) & 0x7fffffffu) <= 0x7f800000u;
#else
  return true;
#endif
}
