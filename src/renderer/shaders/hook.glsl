// What a user's `vec4 shade(Sample s)` is given, and how its loops are ended: docs/shaders.md.
struct Sample {
  float value;              // place in the layer's window: 0 and 1 are its ends
  float raw;                // the voxels' own value
  vec3 gradient;            // change of `value` over a voxel, along the world's axes
  vec3 position;            // in the world: x, y, z
  vec3 voxel;               // in voxels of full resolution: x, y, z; whole numbers are centres
  uint label;               // id in the highest labels that are shown here; 0: none
};

int turns;                  // of loops at this sample, and along this ray
int turnsInAll;

bool goOn() {
  ++turnsInAll;
  return ++turns <= MAX_TURNS_OF_SAMPLE && turnsInAll <= MAX_TURNS_OF_RAY;
}

// A user's colour and opacity, whatever they are, as numbers in 0..1.
vec4 checked(vec4 c) {
  uvec4 bits = floatBitsToUint(c) & 0x7fffffffu;
  return any(greaterThan(bits, uvec4(0x7f800000u))) ? vec4(0.) : clamp(c, 0., 1.);
}
