/*
 * What people are into and look for, and where the catalog has it.  Words that no row knows go to the catalog's own
 * search as they are, so a row is only worth having where a word and the catalog's words differ.
 */
#include <stddef.h>
#include <string.h>

#include "house.h"

const struct interest interest_rows[] = {
	{ "games", "게임", "games", "gaming",
	  "보드게임|카드게임|게임|겜|^롤$|닌텐도|플스|콘솔|스팀덱|오락|e스포츠|이스포츠|🎮|🎲",
	  "board game*|video game*|card game*|game*|gaming|gamer|nintendo|playstation|xbox|"
	  "esports|console*" },
	{ "reading", "독서", "reading", "books",
	  "독서|^책$|^책을|^책이|^책도|^책은|^책읽|책읽|책보|책추천|소설|만화책|웹툰|도서|📚|📖",
	  "read|reading|book|books|novel*|comic*|manga|ebook*" },
	{ "music", "음악", "music", "headphones|music",
	  "음악|노래|케이팝|힙합|재즈|클래식|콘서트|아이돌|🎵|🎶|🎧",
	  "music|song*|kpop|k pop|jazz|hip hop|concert*|listening to" },
	{ "instruments", "악기 연주", "playing music", "music",
	  "기타치|기타를|우쿨렐레|피아노|드럼|바이올린|칼림바|악기|연주|밴드|🎸|🎹",
	  "guitar|piano|drum*|violin|ukulele|kalimba|instrument*|band|singing" },
	{ "headphones", "헤드폰·이어폰", "headphones", "headphones",
	  "헤드폰|해드폰|헤드셋|이어폰|이어버드|에어팟|스피커",
	  "headphone*|earphone*|earbud*|headset*|airpods|speaker*" },
	{ "computers", "컴퓨터", "computers", "keyboards",
	  "노트북|컴퓨터|코딩|프로그래밍|개발자|키보드|마우스|데스크테리어|재택",
	  "laptop*|computer*|coding|programming|keyboard*|mouse|mice|desk setup|software" },
	{ "fashion", "패션", "fashion", "fashion|bags",
	  "패션|^옷|쇼핑하|스타일링|코디|신발|운동화|스니커즈|모자|티셔츠|셔츠|원피스|바지|"
	  "자켓|재킷|후드|👗|👟",
	  "fashion|clothes|clothing|outfit*|shoe|shoes|sneaker*|shirt*|tshirt*|dress|dresses|"
	  "jacket*|hoodie*|hat|hats|style" },
	{ "exercise", "운동", "exercise", "fitness|yoga|running",
	  "운동기구|운동|헬스|홈트|근력|다이어트|스포츠|덤벨|아령|웨이트|크로스핏|축구|농구|"
	  "야구|배드민턴|테니스|수영|💪|⚽",
	  "exercise|exercising|fitness|gym|work out|workout*|working out|weights|sport*|"
	  "dumbbell*|crossfit|diet|football|soccer|basketball|baseball|tennis|swim*|badminton" },
	{ "health", "건강", "health", "fitness|yoga|hiking", "건강|몸관리|혈압|허리아프|관절|안마|마사지",
	  "health|healthy|wellness|massage*|back pain" },
	{ "rest", "휴식", "relaxing", "home|skincare|yoga",
	  "스트레스풀|스트레스해소|잠이안|불면|잠잘오|숙면|힐링|휴식|쉬는거|쉬기|잠자기|낮잠|자는거|잠자는|수면|누워있|집콕|뒹굴",
	  "relaxing|to relax|unwind*|chilling|napping|sleeping|resting|cozy|cosy|staying in|staying home",
	  true },
	{ "cooking", "요리", "cooking", "cooking", "해먹|맛있는|먹는거|야식|먹을거|먹을것", NULL, true },
	{ "yoga", "요가", "yoga", "yoga", "요가|필라테스|명상|스트레칭|🧘",
	  "yoga|pilates|meditation|meditating|stretching" },
	{ "running", "러닝", "running", "running", "러닝화|러닝|달리기|조깅|마라톤|런닝|뛰는거|🏃",
	  "running|runner|jog*|marathon*|i run" },
	{ "hiking", "등산", "hiking", "hiking", "등산화|등산|산행|트레킹|둘레길|산책|하이킹|산에|⛰",
	  "hike|hiking|hikes|trek*|mountain*|walking|walks" },
	{ "camping", "캠핑", "camping", "camping",
	  "캠핑용품|캠핑|백패킹|차박|글램핑|불멍|텐트|낚시|🏕|⛺",
	  "camp|camping|backpacking|outdoors|tent*|glamping|bonfire|fishing" },
	{ "camping", "캠핑", "camping", "camping", "켐핑|캠핀|켐핀", NULL, true },
	{ "running", "러닝", "running", "running", NULL, "runing|runnning|runnig", true },
	{ "cycling", "자전거", "cycling", "cycling", "자전거|라이딩|사이클|따릉이|🚴|🚲",
	  "cycling|bike*|bicycle*|cyclist" },
	{ "travel", "여행", "travel", "travel|bags",
	  "여행용품|여행|해외|휴가|비행기|호캉스|캐리어|✈|🧳",
	  "travel*|trip*|holiday*|vacation*|suitcase*|luggage|flight*|abroad" },
	{ "cooking", "요리", "cooking", "cooking",
	  "요리|베이킹|집밥|주방|쿠킹|음식|먹방|맛집|레시피|빵만들|프라이팬|🍳|🍰",
	  "cook|cooking|bake|baking|kitchen|food|recipe*|chef|eating" },
	{ "coffee", "커피와 차", "coffee and tea", "coffee",
	  "커피|카페|홈카페|바리스타|원두|^차$|^차를|^차마|홍차|녹차|다도|티타임|라떼|☕|🍵",
	  "coffee|cafe*|barista|espresso|latte|tea|teas" },
	{ "photography", "사진", "photography", "photography",
	  "사진|카메라|출사|브이로그|촬영|필카|필름카메라|삼각대|📷|📸",
	  "film camera*|photo|photos|photography|camera*|vlog*|tripod*|taking pictures" },
	{ "films", "영화와 드라마", "films and series", "films",
	  "영화|드라마|넷플릭스|극장|시네마|정주행|애니메이션|^애니|티비|유튜브|예능|🎬|🍿",
	  "film|films|movie*|cinema|netflix|drama*|series|anime|tv|youtube" },
	{ "beauty", "뷰티", "beauty", "skincare|makeup",
	  "뷰티|화장품|^화장$|화장을|화장하|화장법|스킨케어|메이크업|피부|립스틱|네일|향수|코스메틱|마스크팩|💄",
	  "beauty|makeup|make up|skincare|skin care|skin|cosmetic*|lipstick*|perfume*|nails|moisturi*" },
	{ "bags", "가방", "bags", "bags", "가방|백팩|지갑|에코백|핸드백|크로스백|파우치",
	  "bag|bags|backpack*|wallet*|purse*|tote*|handbag*" },
	{ "home", "집 꾸미기", "home decoration", "home",
	  "인테리어|집꾸미|방꾸미|홈데코|조명|무드등|커튼|쿠션|캔들|집들이|러그",
	  "interior*|home decor*|decor|decorating|lamp*|cushion*|candle*|curtain*|housewarming|rug|rugs" },
	{ "stationery", "문구", "stationery", "stationery",
	  "문구|다꾸|다이어리|필기|만년필|노트정리|스티커|볼펜|공책|^펜$|^펜같|^펜이|^펜을|^펜으|^펜도|^노트$|^노트나|^노트를|^노트랑|^노트추|빨간펜|필기구",
	  "stationery|journal*|notebook*|fountain pen*|pen|pens|diary|sticker*|planner*" },
	{ "pets", "반려동물", "pets", "pets",
	  "강아지|고양이|반려|댕댕|냥이|집사|멍멍|애견|애묘|펫|멍냥|^개를|^개가|냥줍|🐶|🐱|🐕|🐈",
	  "pet|pets|dog|dogs|cat|cats|puppy|puppies|kitten*" },
	{ "kids", "아이 용품", "things for children", "toys",
	  "남자아이|여자아이|초등학생|유치원|손주|손녀|손자|^아이생일|^아이가|^아이랑|^아이와|^아이를|^아이선물|^아이$|아이들|육아|아기|장난감|조카|"
	  "어린이|유아|레고|블록놀이|인형|🧸",
	  "kid|kids|child|children|baby|babies|toddler*|toy|toys|nephew*|niece*|lego|doll*" },
	{ "plants", "식물", "plants", "plants",
	  "식물|화분|가드닝|텃밭|원예|꽃꽂이|꽃을|^꽃$|다육|식집사|정원|🌱|🪴|🌷",
	  "plant|plants|garden*|flower*|succulent*" },
	{ "art", "그림과 공예", "art and crafts", "art",
	  "그림|미술|뜨개|공예|드로잉|색칠|만들기|수채화|캘리|자수|도예|DIY|🎨|🧶",
	  "art|draw|drawing|paint|painting|craft*|knit*|crochet|sketch*|handmade|diy|pottery|calligraphy" },
	{ NULL, NULL, NULL, NULL, NULL, NULL, false },
};

const struct interest *
interest_find(const char *code)
{
	const struct interest *row;

	for (row = interest_rows; row->code; row++)
		if (strcmp(row->code, code) == 0)
			return row;
	return NULL;
}
