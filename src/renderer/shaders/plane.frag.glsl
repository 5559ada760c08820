// A slice's picture, put among the solid things of a picture in perspective: in front of what is farther, with its distance for the rays.
layout(location = 0) out vec4 color;
layout(location = 1) out vec4 depth;
uniform sampler2D uPicture; // of the slice as it is seen, premultiplied
uniform vec3 uForward;      // world directions; right and up are as long as the half picture at distance 1
uniform vec3 uRight;
uniform vec3 uUp;
uniform vec4 uViewport;     // lower left corner, and 2 / size, of the picture in gl_FragCoord
uniform vec3 uNormal;
uniform float uAway;        // of the plane from the eye, along its normal
uniform float uScale;       // a distance in the middle of the scene, for the depth buffer
uniform float uPass;
uniform vec4 uClip[CLIP_PLANES]; // kept is what lies, seen from the eye, at dot(xyz, place) >= w
uniform int uClips;

void main() {
  vec4 c = texelFetch(uPicture, ivec2(gl_FragCoord.xy), 0);
  vec2 ndc = (gl_FragCoord.xy - uViewport.xy) * uViewport.zw - 1.;
  vec3 ray = normalize(uForward + ndc.x * uRight + ndc.y * uUp);
  float s = uAway / dot(uNormal, ray);
  if (c.a <= 0. || !(s > 0.)) discard;
  for (int i = 0; i < CLIP_PLANES; ++i) {
    if (i >= uClips) break;
    // A clip along the plane itself leaves it.
    if (dot(uClip[i].xyz, ray * s) < uClip[i].w - 1e-4 * s) discard;
  }
  // A part of the pixels in place of a part of the colour, as of points.
  float noise = fract(52.9829189 * fract(dot(gl_FragCoord.xy + 5.588238 * uPass, vec2(.06711056, .00583715))));
  if (c.a < .999 && noise >= c.a) discard;
  color = vec4(c.rgb / c.a, 1.);
  depth = vec4(s, 0., 0., 1.);
  gl_FragDepth = s / (s + uScale);
}
