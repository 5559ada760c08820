// A lit sphere where the ray through the pixel meets it.
flat in vec3 vCenter;
flat in float vRadius;
flat in vec4 vColor;
layout(location = 0) out vec4 color;
layout(location = 1) out vec4 depth;
uniform vec3 uForward;
uniform vec3 uRight;
uniform vec3 uUp;
uniform vec4 uViewport;     // lower left corner, shifted, and 2 / size of the picture in gl_FragCoord
uniform vec3 uLight;        // world direction towards the light
uniform float uShading;     // 0: the colour as it is
uniform float uScale;       // a distance in the middle of the scene, for the depth buffer
uniform float uPass;

void main() {
  // A part of the pixels in place of a part of the colour: order does not matter then, and the passes of a still picture even it out.
  float noise = fract(52.9829189 * fract(dot(gl_FragCoord.xy + 5.588238 * uPass, vec2(.06711056, .00583715))));
  if (vColor.a < 1. && noise >= vColor.a) discard;
  vec2 ndc = (gl_FragCoord.xy - uViewport.xy) * uViewport.zw - 1.;
  vec3 ray = normalize(uForward + ndc.x * uRight + ndc.y * uUp);
  float along = dot(ray, vCenter);
  vec3 miss = vCenter - along * ray;
  float inside = vRadius * vRadius - dot(miss, miss);
  if (inside < 0.) discard;
  float s = along - sqrt(inside);
  if (s <= 0.) discard;
  vec3 n = (ray * s - vCenter) / vRadius;
  float lit = dot(n, uLight);
  float diffuse = .75 * max(lit, 0.) + .25 * abs(lit);
  float gloss = pow(max(dot(n, normalize(uLight - ray)), 0.), 24.);
  vec3 c = vColor.rgb * mix(1., .4 + .95 * diffuse, uShading) + .16 * gloss * uShading;
  color = vec4(min(c, 1.), 1.);
  depth = vec4(s, 0., 0., 1.);
  gl_FragDepth = s / (s + uScale);
}
